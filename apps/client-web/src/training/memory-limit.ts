/** How much of this device's memory training may take. */

const GIBI = 2 ** 30;
/** WebAssembly's 32-bit addresses end here. */
const MOST = 4 * GIBI;
/** Where the browser does not tell. */
const USUAL = 2 * GIBI;
/** Rows of short texts take up to this many times their bytes once they are tokens: two numbers a token and objects around them. */
const BYTES_PER_FILE_BYTE = 6;
const LEAST_FILE = 16 * 2 ** 20;

/** Half of the device's memory `[GiB]`, which Chromium tells coarsely and others do not. */
export function memoryLimit(deviceMemory: number | undefined): number {
  return deviceMemory === undefined ? USUAL : Math.min(MOST, (deviceMemory * GIBI) / 2);
}

/** The largest data file: beside the model, which is in memory twice while it is brought to the backend. */
export function fileLimit(limitBytes: number, modelBytes: number): number {
  const left = Math.floor((limitBytes - 2 * modelBytes) / BYTES_PER_FILE_BYTE);
  return Math.max(LEAST_FILE, left);
}

/** What pictures may take, in the size of the model: half of what is left beside it, so that training has the rest. */
export function pictureLimit(limitBytes: number, modelBytes: number): number {
  return Math.max(LEAST_FILE, Math.floor((limitBytes - 2 * modelBytes) / 2));
}
