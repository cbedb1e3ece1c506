import { Camera, CameraOff } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { enterWords } from "../words/common.ts";
import type { CodeWayProps } from "./picture-of-code.tsx";
import type { QrReader } from "./qr-reader.ts";
import styles from "./enter-ways.module.css";

type Scan = "off" | "on" | "denied";

/** The camera, looked at by the browser alone, several times a second until a code is seen. */
export function ScanCamera({ reader, onText }: CodeWayProps) {
  const [scan, setScan] = useState<Scan>("off");
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const element = video.current;
    if (scan !== "on" || element === null) return;
    const ended = new AbortController();
    watch(element, { reader, signal: ended.signal }).then(
      (text) => {
        if (text === null) return;
        setScan("off");
        onText(text);
      },
      () => {
        if (!ended.signal.aborted) setScan("denied");
      },
    );
    return () => {
      ended.abort();
    };
  }, [scan, reader, onText]);
  // Without a secure context there is no camera to ask for.
  if (!("mediaDevices" in navigator)) return null;
  return (
    <Card title={enterWords.scan} size="large">
      <p className={styles["text"]}>{enterWords.scanHelp}</p>
      <video
        ref={video}
        className={styles["video"]}
        aria-label={enterWords.scanning}
        hidden={scan !== "on"}
        muted
        playsInline
      />
      <Button
        icon={scan === "on" ? CameraOff : Camera}
        onClick={() => setScan(scan === "on" ? "off" : "on")}
      >
        {scan === "on" ? enterWords.scanStop : enterWords.scanStart}
      </Button>
      {scan === "denied" ? (
        <p className={styles["none"]} role="alert">
          {enterWords.scanDenied}
        </p>
      ) : null}
    </Card>
  );
}

/** Looks five times a second; null: it was called off before a code was seen. */
async function watch(
  element: HTMLVideoElement,
  { reader, signal }: { readonly reader: QrReader; readonly signal: AbortSignal },
): Promise<string | null> {
  const stream = await navigator.mediaDevices.getUserMedia({
    video: { facingMode: "environment" },
  });
  try {
    element.srcObject = stream;
    await element.play();
    while (!isOver(signal)) {
      const text = await reader.read(element).catch(() => null);
      if (text !== null && !isOver(signal)) return text;
      await pause(200);
    }
    return null;
  } finally {
    for (const track of stream.getTracks()) track.stop();
    element.srcObject = null;
  }
}

/** Asked anew each time: it changes while one waits. */
const isOver = (signal: AbortSignal): boolean => signal.aborted;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
