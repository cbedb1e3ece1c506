/** What the cells that one process plays have in common: the open base model, and what is known of the data. */
import type { Trainer } from "@fedtune/core";
import { timelessTrainer } from "@fedtune/simulation";
import type { BaseModel } from "../run/base-model.ts";
import { rememberingReader } from "../run/prepare-simulation.ts";
import type { DataReader } from "../run/prepare-simulation.ts";
import { openEngine } from "./engine.ts";
import type { Engine } from "./engine.ts";

/** Cells are played in it, one after the other. */
export interface CellContext {
  readonly engine: Engine;
  readonly reader: DataReader;
  /**
   * A trainer over this base model; it stays open until a cell asks for another one.
   *
   * @throws FedtuneError `backend-unavailable`, `backend-broken`, `model-invalid`, `tokenizer-mismatch`
   */
  trainerOf(model: BaseModel): Promise<Trainer>;
  close(): Promise<void>;
}

/** Opens a context; nothing is loaded before the first cell. */
export function openCellContext(engine: Engine): CellContext {
  let open: { readonly folder: string; readonly trainer: Trainer } | null = null;
  const close = async (): Promise<void> => {
    const before = open;
    open = null;
    await before?.trainer.close();
  };
  return {
    engine,
    reader: rememberingReader(),
    async trainerOf(model) {
      if (open?.folder === model.folder) return open.trainer;
      await close();
      const trainer = timelessTrainer(await openEngine(model, engine));
      open = { folder: model.folder, trainer };
      return trainer;
    },
    close,
  };
}
