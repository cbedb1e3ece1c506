import type { NamedFile } from "../../participant/index.ts";
import { useNotify } from "../../ui/notices.tsx";
import { commonWords } from "../words/common.ts";

/** Hands files to the browser, one after the other, as downloads. */
function saveFiles(files: readonly NamedFile[]): void {
  for (const { name, mediaType, bytes } of files) {
    const address = URL.createObjectURL(new Blob([bytes], { type: mediaType }));
    const link = document.createElement("a");
    link.href = address;
    link.download = name;
    link.click();
    // The download has its own hold of the bytes by the next turn.
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  }
}

/** Makes files and saves them; that they could not be made is in the participant's snapshot. */
export function useSave(): (make: () => Promise<readonly NamedFile[]>) => void {
  const notify = useNotify();
  return (make) => {
    make().then(
      (files) => {
        saveFiles(files);
        notify(commonWords.saved);
      },
      () => undefined,
    );
  };
}
