import { useEffect, useState } from "preact/hooks";

/** Returns an address of bytes for this page alone, which is gone with the component; empty until there is one. */
export function useBlobUrl(bytes: Uint8Array, type: string): string {
  const [url, setUrl] = useState("");
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [bytes, type]);
  return url;
}

/** Returns a size for people, such as `1.5 KiB`. */
export function sizeOf({ length }: { length: number }): string {
  if (length < 1024) return `${length} ${length === 1 ? "byte" : "bytes"}`;
  const [size, unit] = length < 1024 ** 2 ? [length / 1024, "KiB"] : [length / 1024 ** 2, "MiB"];
  return `${size.toLocaleString(undefined, { maximumFractionDigits: 1 })} ${unit}`;
}
