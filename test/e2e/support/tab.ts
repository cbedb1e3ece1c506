/** A data holder at a browser tab, step by step as a person would do it. */
import type { Browser, Page } from "playwright-core";

/** What the person has. */
export interface Holder {
  readonly link: string;
  readonly file: string;
  /** What the tab is to calculate with; absent: what it finds best. */
  readonly backend?: "wasm" | "cpu";
}

/** Opens an invitation, gives the file, and starts training; the page then trains. */
export async function joinByTab(browser: Browser, holder: Holder): Promise<Page> {
  const { link, file, backend } = holder;
  const context = await browser.newContext();
  const page = await context.newPage();
  if (backend !== undefined) {
    // The database exists once a page of this origin has been open.
    await page.goto(`${new URL(link).origin}/join`);
    await page.getByRole("button", { name: "Open the invitation" }).waitFor();
    await page.evaluate(setBackend(backend));
  }
  await page.goto(link);
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Choose a file" }).click();
  await page.waitForURL("**/file");
  await page.getByRole("button", { name: "Choose a file" }).click();
  await (await chooser).setFiles(file);
  await page.getByRole("button", { name: "Check this device" }).click();
  await page.getByRole("heading", { name: "This device can take part" }).waitFor();
  await page.getByRole("checkbox").check();
  await page.getByRole("button", { name: "Start training" }).click();
  await page.waitForURL("**/train");
  return page;
}

/** Puts the holder's setting where the pages keep it; runs in the page. */
const setBackend = (backend: string): string => `(async () => {
  const whenever = (request, event) => new Promise((resolve, reject) => {
    request["on" + event] = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const database = await whenever(indexedDB.open("fedtune"), "success");
  const change = database.transaction("settings", "readwrite");
  const settings = { effort: "full", onlyOnMains: false, keepScreenOn: false, budgetEpsilon: 8 };
  change.objectStore("settings").put({ ...settings, backend: ${JSON.stringify(backend)} }, "holder");
  await whenever(change, "complete");
  database.close();
})()`;
