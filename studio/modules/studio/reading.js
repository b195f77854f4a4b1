/** What a screen reads by itself when it is opened. */
import { t } from "../words.js";

/** Read something for a screen: what came, and what went wrong. @param {any} setState @param {() => Promise<any>} reading */
export function readInto(setState, reading) {
  let isWanted = true;
  reading().then(
    (data) => isWanted && setState({ data }),
    (error) => isWanted && setState({ problem: error.message || t("The server could not be reached.") }),
  );
  return () => { isWanted = false; };
}
