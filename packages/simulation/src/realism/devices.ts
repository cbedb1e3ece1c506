/** The devices of a simulation at work: they come, leave, fail, and take their time over training and transfers. */
import type {
  FedtuneError,
  MemoryNetwork,
  MemoryNetworkOptions,
  Rng,
  TrainControl,
  Trainer,
  TrainJob,
  TrainResult,
  VirtualClock,
} from "@fedtune/core";
import type { DevicesConfig } from "./config.ts";
import { drawDevice, transferMs } from "./device.ts";
import type { Device } from "./device.ts";
import { presenceOf } from "./presence.ts";
import type { Presence } from "./presence.ts";
import { checkTrace } from "./trace.ts";
import type { Trace } from "./trace.ts";
import { deviceLeft, evaluationMs, pass, timedWork, trainingMs } from "./work.ts";

/** The devices of a simulation's clients, as a run is given them. */
export interface SimulatedDevices {
  readonly config: DevicesConfig;
  /** The availability trace; null unless availability is one. */
  readonly trace: Trace | null;
}

type Transfer = Parameters<NonNullable<MemoryNetworkOptions["transferMs"]>>[0];

/** A client as its device knows it. */
export interface DeviceOwner {
  readonly name: string;
  /** Rows of its data, those that it holds out included. */
  readonly examples: number;
}

/** What devices need of the simulation. */
export interface DeviceWorld {
  readonly network: Pick<MemoryNetwork, "hold" | "release">;
  readonly clock: VirtualClock;
  readonly trainer: Trainer;
}

/** The clients' devices. */
export interface DeviceFleet {
  /** By participant index. */
  readonly devices: readonly Device[];
  /** Delay of one message to or from a client. */
  latencyMs(name: string): number;
  transferMs(transfer: Transfer): number;
  /** Begins to let clients come and go; called once, before they connect. */
  start(world: DeviceWorld): void;
  /** The trainer as one client's device runs it; after {@link DeviceFleet.start}. */
  trainer(name: string): Trainer;
}

interface Unit {
  readonly owner: DeviceOwner;
  readonly device: Device;
  readonly presence: Presence;
  readonly rng: Rng;
  isAvailable: boolean;
  /** Dropouts that it has not come back from. */
  dropouts: number;
  isHeld: boolean;
  /** Breaks off the work at hand. */
  work: AbortController | null;
  /** Trainings and uploads begun so far, each with dice of its own. */
  trainings: number;
  uploads: number;
}

/**
 * Draws the devices.
 *
 * @param rng the run's stream: the same seed gives the same devices and the same comings and goings, whatever the method
 * @throws FedtuneError `data-invalid` when the trace names other clients
 */
export function deviceFleet(
  owners: readonly DeviceOwner[],
  { config, trace }: SimulatedDevices,
  rng: Rng,
): DeviceFleet {
  if (trace !== null)
    checkTrace(
      trace,
      owners.map(({ name }) => name),
    );
  const units = owners.map((owner, index) => {
    const own = rng.fork(`device/${String(index)}`);
    const intervals = trace?.get(owner.name) ?? [];
    const presence = presenceOf(config.availability, {
      rng: own.fork("presence"),
      trace: intervals,
    });
    return openUnit({ owner, presence, rng: own, device: drawDevice(config, own) });
  });
  const byName = new Map(units.map((unit) => [unit.owner.name, unit]));
  const find = (name: string): Unit => {
    const unit = byName.get(name);
    if (unit === undefined) throw new RangeError(`Cannot find the device of client "${name}"`);
    return unit;
  };
  let world: DeviceWorld | null = null;
  const started = (): DeviceWorld => {
    if (world === null) throw new RangeError("Cannot use devices before they are started");
    return world;
  };
  return {
    devices: units.map(({ device }) => device),
    latencyMs: (name) => find(name).device.latencyMs,
    transferMs: (transfer) =>
      timedTransfer(find(transfer.name), { config, transfer, world: started() }),
    start(given) {
      world = given;
      for (const unit of units) {
        place(unit, given);
        follow(unit, given);
      }
    },
    trainer: (name) => deviceTrainer(find(name), { config, world: started() }),
  };
}

function openUnit(given: Pick<Unit, "owner" | "device" | "presence" | "rng">): Unit {
  const idle = { dropouts: 0, isHeld: false, work: null, trainings: 0, uploads: 0 };
  return { ...given, ...idle, isAvailable: given.presence.startsOn };
}

/** Holds or releases the client's connection, whichever its state asks for; work on a device that leaves is lost. */
function place(unit: Unit, { network }: DeviceWorld): void {
  const isAway = !unit.isAvailable || unit.dropouts > 0;
  if (isAway === unit.isHeld) return;
  unit.isHeld = isAway;
  const { name } = unit.owner;
  if (!isAway) {
    network.release(name);
    return;
  }
  network.hold(name);
  unit.work?.abort(deviceLeft(name));
}

/** Waits for the next time at which the client comes or goes, and so on. */
function follow(unit: Unit, world: DeviceWorld): void {
  const at = unit.presence.next();
  if (at === null) return;
  world.clock.after(at - world.clock.now(), () => {
    unit.isAvailable = !unit.isAvailable;
    place(unit, world);
    follow(unit, world);
  });
}

/** What acts on one device. */
interface Acting {
  readonly config: DevicesConfig;
  readonly world: DeviceWorld;
}

/** The device leaves, and is back some time later. */
function leave(unit: Unit, { config, world }: Acting): void {
  unit.dropouts += 1;
  place(unit, world);
  world.clock.after(config.dropouts.secondsAway * 1000, () => {
    unit.dropouts -= 1;
    place(unit, world);
  });
}

function timedTransfer(
  unit: Unit,
  { transfer, ...acting }: Acting & { transfer: Transfer },
): number {
  const ms = transferMs(unit.device, transfer);
  if (transfer.direction === "down") return ms;
  const dice = unit.rng.fork(`upload/${String(unit.uploads++)}`);
  if (dice.uniform() < acting.config.dropouts.uploading) {
    acting.world.clock.after(ms * dice.uniform(), () => {
      leave(unit, acting);
    });
  }
  return ms;
}

function deviceTrainer(unit: Unit, acting: Acting): Trainer {
  const { trainer } = acting.world;
  return {
    train: (job, control) => train(unit, { ...acting, job, control }),
    evaluate(job, control) {
      const { examplesPerSecond: speed } = unit.device;
      const ms =
        speed === null ? 0 : evaluationMs(job, { ...unit.owner, examplesPerSecond: speed });
      return onDevice(unit, control, (signal) =>
        timedWork({
          ...{ ms, signal, clock: acting.world.clock },
          work: (called) => trainer.evaluate(job, { ...control, signal: called }),
        }),
      );
    },
    close: () => trainer.close(),
  };
}

interface Training extends Acting {
  readonly job: TrainJob;
  readonly control: TrainControl;
}

async function train(unit: Unit, { job, control, ...acting }: Training): Promise<TrainResult> {
  const { config, world } = acting;
  const dice = unit.rng.fork(`training/${String(unit.trainings++)}`);
  const [slow, drop, moment] = [dice.uniform(), dice.uniform(), dice.uniform()];
  const { stragglers, dropouts } = config;
  const { examplesPerSecond: speed } = unit.device;
  const usual = speed === null ? 0 : trainingMs(job, { ...unit.owner, examplesPerSecond: speed });
  const ms = usual * (slow < stragglers.probability ? stragglers.slowdown : 1);
  return onDevice(unit, control, async (signal) => {
    if (drop < dropouts.training) {
      // What is lost need not be computed.
      await pass(world.clock, ms * moment, signal);
      leave(unit, acting);
      throw deviceLeft(unit.owner.name);
    }
    const work = (called: AbortSignal) => world.trainer.train(job, { ...control, signal: called });
    return timedWork({ ms, signal, clock: world.clock, work });
  });
}

/** Does work that ends when it is called off or the device leaves. */
async function onDevice<T>(
  unit: Unit,
  { signal }: TrainControl,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const own = new AbortController();
  const callOff = (): void => {
    own.abort(signal.reason as FedtuneError);
  };
  signal.throwIfAborted();
  signal.addEventListener("abort", callOff, { once: true });
  unit.work = own;
  try {
    return await work(own.signal);
  } finally {
    signal.removeEventListener("abort", callOff);
    if (unit.work === own) unit.work = null;
  }
}
