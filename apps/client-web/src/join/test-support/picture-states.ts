/** States of a run that learns from pictures, with pictures that are drawn here. */
import type { FileFacts, FileState, Invitation, Road, Thumbnail } from "../../participant/index.ts";
import { fileFacts, freshRoad, invitation, road } from "./fixture.ts";

/** Of the drawn pictures: pixels of a side, bytes before them. */
const SIDE = 32;
const HEAD = 54;

/** A run that sorts pictures. */
export const pictureRun: Invitation = {
  ...{ ...invitation, task: "image-classification", subject: "photograph", party: "garden" },
  labels: ["Ladybird", "Aphid", "Mildew", "Healthy leaf"],
  title: "Help train a model that sorts photographs of leaves",
};

/** A folder that fits. */
export const pictureFacts: FileFacts = {
  ...{ ...fileFacts, name: "leaves", bytes: 184e6, format: "pictures", mapping: null, columns: [] },
  ...{ preview: { columns: [], rows: [] }, rows: 318, usedRows: 318 },
  labels: pictureRun.labels.map((label, index) => ({ label, rows: [64, 112, 45, 97][index] ?? 0 })),
  thumbnails: pictureRun.labels.flatMap((label, k) =>
    [0, 1, 2].map((index) => thumbnailOf(label, k * 3 + index)),
  ),
};

/** Step 2 of that run. */
export const pictureFile = (file: FileState): Road => ({
  ...freshRoad,
  ...{ invitation: pictureRun, file },
});

/** The same at its end. */
export const pictureRoad: Road = {
  ...road,
  ...{ invitation: pictureRun, file: { kind: "usable", facts: pictureFacts } },
};

function thumbnailOf(label: string, index: number): Thumbnail {
  const picture = new Blob([bitmap(index)], { type: "image/bmp" });
  return { label, path: `${label}/IMG_${4100 + index}.jpg`, picture };
}

/** A leaf of its own green, as a BMP of 24 bits. */
function bitmap(index: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEAD + 3 * SIDE * SIDE);
  const view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]);
  for (const [at, value] of [
    [2, bytes.length],
    [10, HEAD],
    [14, 40],
    [18, SIDE],
    [22, SIDE],
  ] as const)
    view.setUint32(at, value, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, 24, true);
  for (let at = 0; at < SIDE * SIDE; at++) {
    const [x, y] = [(at % SIDE) / SIDE - 0.5, Math.floor(at / SIDE) / SIDE - 0.5];
    const isLeaf = Math.abs(x) < 0.45 * Math.cos(Math.PI * y);
    const green = isLeaf ? 120 + 8 * index : 230;
    bytes.set([isLeaf ? 60 : 225, green, isLeaf ? 50 + 10 * index : 220], HEAD + 3 * at);
  }
  return bytes;
}
