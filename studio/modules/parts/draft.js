/** What somebody typed and did not send yet. */
import { useState } from "../vendor/preact.js";

/** State that is there again when its screen is opened anew. @param {{drafts: Record<string, any>}} owner @param {string} key @param {any} initial @returns {[any, (value: any) => void]} */
export function useDraft(owner, key, initial) {
  const [value, setValue] = useState(owner.drafts[key] ?? initial);
  const put = (next) => {
    owner.drafts[key] = next;
    setValue(next);
  };
  return [value, put];
}
