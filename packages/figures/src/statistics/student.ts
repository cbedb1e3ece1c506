/** Student's t for whole degrees of freedom, exact in the tails. */

/**
 * The chance that Student's t with `degrees` degrees of freedom is further from 0 than `t`, on either side:
 * I_x(degrees/2, 1/2) with x = degrees / (degrees + t^2) (Abramowitz and Stegun 26.5.27).
 *
 * @throws RangeError for degrees of freedom that are not a whole number from 1, or a `t` that is no number
 */
export function tTail(t: number, degrees: number): number {
  if (!Number.isInteger(degrees) || degrees < 1) {
    throw new RangeError(
      `Cannot use ${String(degrees)} degrees of freedom: wanted a whole number from 1`,
    );
  }
  if (Number.isNaN(t)) throw new RangeError("Cannot find the tail of a t that is not a number");
  if (t === 0) return 1;
  const ratio = (t / degrees) * t;
  return incompleteBetaHalf(degrees / 2, { x: 1 / (1 + ratio), rest: 1 / (1 + 1 / ratio) });
}

/** The t beyond which, on both sides together, lies the share `tail` of the distribution; between 0 and 1. */
export function tQuantile(tail: number, degrees: number): number {
  if (!(tail > 0 && tail < 1)) {
    throw new RangeError(`Cannot find the t of tail ${String(tail)}: wanted one between 0 and 1`);
  }
  let [low, high] = [0, 1];
  while (tTail(high, degrees) > tail) high *= 2;
  for (let step = 0; step < 200 && high - low > 1e-15 * high; step += 1) {
    const middle = (low + high) / 2;
    if (tTail(middle, degrees) > tail) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** I_x(a, 1/2), `a` a multiple of 1/2; `rest` is 1 - x without its rounding. */
function incompleteBetaHalf(
  a: number,
  { x, rest }: { readonly x: number; readonly rest: number },
): number {
  const front = (x ** a * Math.sqrt(rest)) / betaHalf(a);
  // The continued fraction converges on this side of the mean, its mirror image on the other one.
  return x < (a + 1) / (a + 2.5)
    ? (front * betaFraction(x, a, 0.5)) / a
    : 1 - (front * betaFraction(rest, 0.5, a)) / 0.5;
}

/** B(a, 1/2) from B(1/2, 1/2) = pi and B(1, 1/2) = 2 by B(a + 1, 1/2) = B(a, 1/2) a / (a + 1/2). */
function betaHalf(a: number): number {
  const isWhole = Number.isInteger(a);
  let beta = isWhole ? 2 : Math.PI;
  for (let at = isWhole ? 1 : 0.5; at < a; at += 1) beta *= at / (at + 0.5);
  return beta;
}

/** The continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8), by Lentz's method. */
function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  const away = (value: number): number => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= 10_000; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    let change = 1;
    for (const term of [even, odd]) {
      d = 1 / away(1 + term * d);
      c = away(1 + term / c);
      change = c * d;
      fraction *= change;
    }
    if (Math.abs(change - 1) < 1e-16) break;
  }
  return fraction;
}
