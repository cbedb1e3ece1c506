/**
 * The distribution of the summed privacy loss, both directions, by one transform per mechanism.
 *
 * Connect the dots (Doroshenko, Ghazi, Kamath, Kumar, Manurangsi 2022, arXiv 2207.04380): a cell's mass goes to the cell's
 * two ends in the shares that keep its mass under p and under q. The resulting pair dominates the exact one, and so does
 * every composition of it: what is read off it never understates. Sums beyond the window return at its other side; the
 * caller adds that mass to its deltas.
 */
import { createFft, mirrored } from "../fft.ts";
import type { Fft } from "../fft.ts";
import type { LossCells, PrivacyLoss } from "./prv-loss.ts";
import type { Mesh } from "./prv-mesh.ts";

/** Masses of both directions' sums; index i is the loss (mesh.forward + i) step, or mesh.backward. */
export interface ComposedLoss {
  readonly forward: Float64Array;
  readonly backward: Float64Array;
}

/** Composes every loss with itself as often as it has steps, and with the others. */
export function composeLosses(losses: readonly PrivacyLoss[], mesh: Mesh): ComposedLoss {
  const { fft, re, im } = workspaceOf(mesh.size);
  const product = losses.length > 1 ? ones(mesh.size) : null;
  for (const loss of losses) {
    re.fill(0);
    im.fill(0);
    spread(loss.cells(mesh.step), mesh.step, { re, im });
    fft.forward(re, im);
    raise({ re, im }, loss.steps);
    if (product !== null) multiplyInto(product, { re, im });
  }
  const { re: forward, im: backward } = product ?? { re, im };
  fft.inverse(forward, backward);
  return {
    forward: unrolled(forward, mesh.forward),
    backward: unrolled(backward, mesh.backward),
  };
}

interface Workspace extends Pair {
  readonly fft: Fft;
}

/** Transforms and their buffers by size: there are few sizes, and making them is half of a small composition's work. */
const workspaces = new Map<number, Workspace>();

function workspaceOf(size: number): Workspace {
  const known = workspaces.get(size);
  if (known !== undefined) return known;
  const made = { fft: createFft(size), re: new Float64Array(size), im: new Float64Array(size) };
  workspaces.set(size, made);
  return made;
}

/** Two real vectors, as real and imaginary parts. */
interface Pair {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** The spectrum of two points of mass one. */
function ones(size: number): Pair {
  return { re: new Float64Array(size).fill(1), im: new Float64Array(size).fill(1) };
}

/** Adds every cell's mass at its ends, indices modulo the size. */
function spread({ first, p, q }: LossCells, step: number, { re, im }: Pair): void {
  const mask = re.length - 1;
  const whole = -Math.expm1(-step);
  let growth = Math.exp(first * step);
  for (let i = 0; i < p.length; i++) {
    const index = first + i;
    const low = index & mask;
    const high = (index + 1) & mask;
    const mass = p[i] ?? 0;
    const other = q[i] ?? 0;
    const up = clamp((mass - other * growth) / whole, mass);
    re[high] = (re[high] ?? 0) + up;
    re[low] = (re[low] ?? 0) + mass - up;
    // The other direction's loss is the negative one: its upper end is this cell's lower.
    growth = Math.exp((index + 1) * step);
    const upOther = clamp((other - mass / growth) / whole, other);
    const lowOther = -(index + 1) & mask;
    const highOther = -index & mask;
    im[highOther] = (im[highOther] ?? 0) + upOther;
    im[lowOther] = (im[lowOther] ?? 0) + other - upOther;
  }
}

function clamp(share: number, whole: number): number {
  return share > 0 ? Math.min(share, whole) : 0;
}

/** Raises both vectors' spectra, packed in one, to a power. */
function raise({ re, im }: Pair, power: number): void {
  const least = Math.exp(-180 / power);
  for (let place = 0; place < re.length; place++) {
    const mirror = mirrored(place);
    if (mirror < place) continue;
    const a = re[place] ?? 0;
    const b = im[place] ?? 0;
    const c = re[mirror] ?? 0;
    const d = im[mirror] ?? 0;
    const forwardRe = (a + c) / 2;
    const forwardIm = (b - d) / 2;
    const backwardRe = (b + d) / 2;
    const backwardIm = (c - a) / 2;
    let x = 0;
    let y = 0;
    let u = 0;
    let v = 0;
    const forwardSquare = forwardRe * forwardRe + forwardIm * forwardIm;
    if (forwardSquare > least) {
      const size = Math.exp((power / 2) * Math.log(forwardSquare));
      const angle = power * Math.atan2(forwardIm, forwardRe);
      x = size * Math.cos(angle);
      y = size * Math.sin(angle);
    }
    const backwardSquare = backwardRe * backwardRe + backwardIm * backwardIm;
    if (backwardSquare > least) {
      const size = Math.exp((power / 2) * Math.log(backwardSquare));
      const angle = power * Math.atan2(backwardIm, backwardRe);
      u = size * Math.cos(angle);
      v = size * Math.sin(angle);
    }
    re[place] = x - v;
    im[place] = y + u;
    re[mirror] = x + v;
    im[mirror] = u - y;
  }
}

/** Multiplies the spectra of both vectors, packed in one, into a product packed alike. */
function multiplyInto(product: Pair, factor: Pair): void {
  const { re, im } = product;
  for (let place = 0; place < re.length; place++) {
    const mirror = mirrored(place);
    if (mirror < place) continue;
    const [one, two] = [unpacked(product, place, mirror), unpacked(factor, place, mirror)];
    const x = one.a * two.a - one.b * two.b;
    const y = one.a * two.b + one.b * two.a;
    const u = one.c * two.c - one.d * two.d;
    const v = one.c * two.d + one.d * two.c;
    re[place] = x - v;
    im[place] = y + u;
    re[mirror] = x + v;
    im[mirror] = u - y;
  }
}

/** Two real vectors' spectra at one frequency: a + ib and c + id. */
function unpacked({ re, im }: Pair, place: number, mirror: number) {
  const [x, y, u, v] = [re[place] ?? 0, im[place] ?? 0, re[mirror] ?? 0, im[mirror] ?? 0];
  return { a: (x + u) / 2, b: (y - v) / 2, c: (y + v) / 2, d: (u - x) / 2 };
}

/** The window from `first` on, scaled to masses; what rounding made negative is zero. */
function unrolled(cyclic: Float64Array, first: number): Float64Array {
  const size = cyclic.length;
  const masses = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    masses[i] = Math.max(0, cyclic[(first + i) & (size - 1)] ?? 0) / size;
  }
  return masses;
}
