/** What people do with pictures on the pages, over a participant without a world. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import {
  canRun,
  findings,
  look,
  lookAtPages,
  open,
  shown,
  title,
  watch,
} from "./test-support/browse.ts";

lookAtPages();

const red = { r: 200, g: 30, b: 30 };
const picture = () =>
  sharp({ create: { width: 60, height: 40, channels: 3, background: red } })
    .png()
    .toBuffer();

describe.skipIf(!canRun)(title("pictures on the pages"), () => {
  test("a folder is asked for and handed over with the paths in it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "fedtune-leaves-"));
    await mkdir(join(folder, "Aphid"));
    await writeFile(join(folder, "Aphid", "1.png"), await picture());
    const context = await look();
    const page = await context.newPage();
    const wrong = watch(page);
    await open(page, "file-pictures");
    await page.evaluate(() => {
      const { actions } = Reflect.get(globalThis, "participant") as {
        actions: Record<string, (folder: unknown) => Promise<void>>;
      };
      const real = actions["chooseFolder"];
      actions["chooseFolder"] = (chosen) => {
        Reflect.set(globalThis, "chosen", chosen);
        return real?.(chosen) ?? Promise.resolve();
      };
    });
    const chooser = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Choose a folder" }).first().click();
    await (await chooser).setFiles(folder);
    await page.waitForFunction(() => "chosen" in globalThis);
    const chosen = await page.evaluate(() => {
      const { files } = Reflect.get(globalThis, "chosen") as {
        files: readonly { readonly path: string; readonly file: File }[];
      };
      return files.map(({ path, file }) => [path, file.size]);
    });
    expect(chosen).toEqual([["Aphid/1.png", (await picture()).length]]);
    expect(wrong).toEqual([]);
    await context.close();
    await rm(folder, { recursive: true });
  });

  test("thumbnails are drawn, and the pages have no barriers", async () => {
    const context = await look();
    const page = await context.newPage();
    const wrong = watch(page);
    for (const state of ["file-pictures-usable", "file-pictures-problem"]) {
      await open(page, state);
      const middle = page.getByRole("img", { name: "Ladybird/IMG_4100.jpg" });
      // Its leaf is green: drawn from bytes, without an address.
      await expect
        .poll(() =>
          middle.evaluate((canvas) => {
            const context2d = (canvas as HTMLCanvasElement).getContext("2d");
            return context2d?.getImageData(80, 80, 1, 1).data[1] ?? 0;
          }),
        )
        .toBeGreaterThan(100);
      expect(await findings(page)).toEqual([]);
    }
    expect(wrong).toEqual([]);
    await context.close();
  });

  test("a picture is tried", async () => {
    const context = await look();
    const page = await context.newPage();
    const wrong = watch(page);
    await open(page, "done-pictures");
    const chooser = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Choose a photograph" }).click();
    await (
      await chooser
    ).setFiles({ name: "leaf.png", mimeType: "image/png", buffer: await picture() });
    await page.getByText("The model says “Prescription”").waitFor();
    const drawn = page.getByRole("img", { name: "The photograph that you chose" });
    await expect
      .poll(() =>
        drawn.evaluate((canvas) => {
          const context2d = (canvas as HTMLCanvasElement).getContext("2d");
          return [...(context2d?.getImageData(160, 160, 1, 1).data ?? [])];
        }),
      )
      .toEqual([200, 30, 30, 255]);
    await shown(page);
    expect(await findings(page)).toEqual([]);
    expect(wrong).toEqual([]);
    await context.close();
  });
});
