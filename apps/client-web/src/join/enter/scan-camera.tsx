import { Camera, CameraOff } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { enterWords } from "../words/common.ts";
import type { CodeWayProps } from "./picture-of-code.tsx";
import styles from "./enter-ways.module.css";

type Scan = "off" | "on" | "denied";

/** The camera, looked at by the browser alone, several times a second until a code is seen. */
export function ScanCamera({ reader, onText }: CodeWayProps) {
  const [scan, setScan] = useState<Scan>("off");
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (scan !== "on") return;
    const { signal, abort } = abortable();
    const look = async () => {
      const stream = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: "environment" },
      });
      signal.addEventListener("abort", () => stream.getTracks().forEach((track) => track.stop()));
      const element = video.current;
      if (signal.aborted || element === null) return abort();
      element.srcObject = stream;
      await element.play();
      while (!signal.aborted) {
        const text = await reader.read(element).catch(() => null);
        if (text !== null && !signal.aborted) {
          setScan("off");
          return onText(text);
        }
        await pause(200);
      }
    };
    look().catch(() => {
      if (!signal.aborted) setScan("denied");
    });
    return abort;
  }, [scan, reader, onText]);
  // Without a secure context there is no camera to ask for.
  if (!("mediaDevices" in navigator)) return null;
  return (
    <Card title={enterWords.scan} size="large">
      <p className={styles["text"]}>{enterWords.scanHelp}</p>
      {scan === "on" ? (
        <video
          ref={video}
          className={styles["video"]}
          aria-label={enterWords.scanning}
          muted
          playsInline
        />
      ) : null}
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

function abortable(): { readonly signal: AbortSignal; readonly abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
