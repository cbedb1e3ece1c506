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
  // The first loss makes the product; each further one is multiplied into it.
  let product: Pair | null = null;
  for (const loss of losses) {
    re.fill(0);
    im.fill(0);
    spread(loss.cells(mesh.step), mesh.step, { re, im });
    fft.forward(re, im);
    raise({ re, im }, loss.steps, product);
    if (losses.length > 1) product ??= { re: re.slice(), im: im.slice() };
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

/**
 * Raises the spectra of both vectors, packed in one, to a power, in place; or multiplies the powers into a product that is
 * packed alike.
 */
function raise({ re, im }: Pair, power: number, product: Pair | null): void {
  const least = Math.exp(-180 / power);
  const { re: outRe, im: outIm } = product ?? { re, im };
  for (let place = 0; place < re.length; place++) {
    const mirror = mirrored(place);
    if (mirror < place) continue;
    const a = re[place] ?? 0;
    const b = im[place] ?? 0;
    const c = re[mirror] ?? 0;
    const d = im[mirror] ?? 0;
    // The forward spectrum is x + iy, the backward one u + iv.
    let x = (a + c) / 2;
    let y = (b - d) / 2;
    let u = (b + d) / 2;
    let v = (c - a) / 2;
    const forward = powerOfSize(x * x + y * y, power, least);
    const forwardAngle = forward === 0 ? 0 : power * Math.atan2(y, x);
    x = forward * Math.cos(forwardAngle);
    y = forward * Math.sin(forwardAngle);
    const backward = powerOfSize(u * u + v * v, power, least);
    const backwardAngle = backward === 0 ? 0 : power * Math.atan2(v, u);
    u = backward * Math.cos(backwardAngle);
    v = backward * Math.sin(backwardAngle);
    if (product !== null) {
      const e = outRe[place] ?? 0;
      const f = outIm[place] ?? 0;
      const g = outRe[mirror] ?? 0;
      const h = outIm[mirror] ?? 0;
      const forwardRe = ((e + g) * x - (f - h) * y) / 2;
      y = ((e + g) * y + (f - h) * x) / 2;
      x = forwardRe;
      const backwardRe = ((f + h) * u - (g - e) * v) / 2;
      v = ((f + h) * v + (g - e) * u) / 2;
      u = backwardRe;
    }
    outRe[place] = x - v;
    outIm[place] = y + u;
    outRe[mirror] = x + v;
    outIm[mirror] = u - y;
  }
}

/** A size raised to a power, by its square; zero where that is below e^-90. */
function powerOfSize(square: number, power: number, least: number): number {
  return square > least ? Math.exp((power / 2) * Math.log(square)) : 0;
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
