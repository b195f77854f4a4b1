/**
 * What a tool's result says: hosts may drop its structured content or its pictures.
 *
 * @typedef {{type: string, text?: string, data?: string, mimeType?: string}} Block
 * @typedef {{content?: Block[], structuredContent?: any, isError?: boolean}} Result
 */

const CONVERSATION = /\bconv_[0-9a-f]{16}\b/;

/** All text of a result. @param {Result} result */
export function textOf(result) {
  const texts = (result.content ?? []).filter((block) => block.type === "text");
  return texts.map((block) => block.text ?? "").join("\n");
}

/** A result as data, or null where its text is for people. @param {Result} result @returns {any} */
export function dataOf(result) {
  if (result.structuredContent) return result.structuredContent;
  try {
    return JSON.parse(textOf(result));
  } catch {
    return null;
  }
}

/** The pictures of a result as addresses that an `img` takes. @param {Result} result */
export function picturesOf(result) {
  const images = (result.content ?? []).filter((block) => block.type === "image");
  return images.map((block) => `data:${block.mimeType};base64,${block.data}`);
}

/** The conversation that a result is about, "" where it names none. @param {Result} result */
export function conversationIn(result) {
  return dataOf(result)?.conversation_id || (CONVERSATION.exec(textOf(result))?.[0] ?? "");
}
