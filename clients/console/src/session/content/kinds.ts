import type { Event } from "activity-session/v1/event";

const JSON_TYPE = /^[^;]*[/+]json\s*(;|$)/i;
const TEXT_TYPE = /^(text\/|application\/(xml|yaml|toml))/i;
const PICTURES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/svg+xml"]);

/** Returns the text of an event; bytes are text if their media type says so, and if they are UTF-8. */
export function textOf({ content, mediaType }: Event): string | undefined {
  if (content.case === "text") return content.value;
  if (content.case !== "blob" || !(JSON_TYPE.test(mediaType) || TEXT_TYPE.test(mediaType))) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(content.value);
  } catch {
    return undefined;
  }
}

/** Returns the media type if it is of a picture that an `img` may show, in which no script of it runs. */
export function pictureType(mediaType: string): string | undefined {
  const type = mediaType.split(";")[0]!.trim().toLowerCase();
  return PICTURES.has(type) ? type : undefined;
}
