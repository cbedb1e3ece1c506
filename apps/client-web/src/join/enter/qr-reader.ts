/** Reading QR codes with what the browser brings along; pictures stay on this device. */

/** What of the browser's BarcodeDetector is used. */
interface Detector {
  detect(source: ImageBitmapSource): Promise<readonly { readonly rawValue: string }[]>;
}

interface DetectorClass {
  new (options: { readonly formats: readonly string[] }): Detector;
  getSupportedFormats(): Promise<readonly string[]>;
}

/** Reads a code in a picture. */
export interface QrReader {
  /** The text of the first code; null: there is none to be seen. */
  read(source: ImageBitmapSource): Promise<string | null>;
}

/** Null where the browser cannot read codes. */
export async function openQrReader(): Promise<QrReader | null> {
  const { BarcodeDetector } = globalThis as { readonly BarcodeDetector?: DetectorClass };
  if (BarcodeDetector === undefined) return null;
  try {
    const formats = await BarcodeDetector.getSupportedFormats();
    if (!formats.includes("qr_code")) return null;
  } catch {
    return null;
  }
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  return {
    async read(source) {
      const [code] = await detector.detect(source);
      return code?.rawValue ?? null;
    },
  };
}

/** The code in a picture's file; null: there is none, or it is no picture. */
export async function readPicture(reader: QrReader, file: Blob): Promise<string | null> {
  try {
    const picture = await createImageBitmap(file);
    try {
      return await reader.read(picture);
    } finally {
      picture.close();
    }
  } catch {
    return null;
  }
}
