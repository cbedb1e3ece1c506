/** Disks that are really full: file systems in memory, where this user may mount one. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const run = (command: string, ...args: readonly string[]): void => {
  execFileSync(command, args, { stdio: "ignore" });
};

/** A disk of a quarter of a megabyte. */
export interface SmallDisk {
  /** To the last byte; {@link SmallDisk.clear} undoes it. */
  fill(): void;
  clear(): void;
  unmount(): void;
}

/** Makes an existing, empty folder a small disk; throws where this user may not. */
export function mountSmallDisk(folder: string): SmallDisk {
  run("mount", "-t", "tmpfs", "-o", `size=${256 * 1_024}`, "tmpfs", folder);
  const filler = join(folder, "filler");
  return {
    fill() {
      run("sh", "-c", 'cat /dev/zero > "$0" || true', filler);
    },
    clear() {
      rmSync(filler);
    },
    unmount() {
      run("umount", "-l", folder);
    },
  };
}

/** Whether this user may mount disks. */
export function canMountDisks(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "fedtune-mount-"));
  try {
    mountSmallDisk(folder).unmount();
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
