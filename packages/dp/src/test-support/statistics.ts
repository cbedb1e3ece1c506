/** Statistics that tests hold noise and samples against. */

type Values = readonly number[] | Float64Array | Uint32Array;

/** Mean and variance around it. */
export function moments(values: Values): { readonly mean: number; readonly variance: number } {
  let mean = 0;
  for (const value of values) mean += value / values.length;
  let variance = 0;
  for (const value of values) variance += (value - mean) ** 2 / (values.length - 1);
  return { mean, variance };
}

/** How many standard errors the variance of normal values lies away from `variance`. */
export function varianceError(values: Values, variance: number): number {
  return (moments(values).variance / variance - 1) / Math.sqrt(2 / (values.length - 1));
}

/** Pearson's correlation. */
export function correlation(a: Values, b: Values): number {
  const [left, right] = [moments(a), moments(b)];
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - left.mean) * (b[i]! - right.mean);
  return sum / (a.length - 1) / Math.sqrt(left.variance * right.variance);
}

/** The standard normal distribution function; Maclaurin series, to 1e-13 within +-6. */
export function normalCdf(x: number): number {
  if (Math.abs(x) > 6) return x > 0 ? 1 : 0;
  let term = x;
  let sum = x;
  for (let k = 1; Math.abs(term) > 1e-17 * Math.abs(sum); k++) {
    term *= (x * x) / (2 * k + 1);
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

/** p-value of the one-sample Kolmogorov-Smirnov test against a continuous distribution. */
export function kolmogorovSmirnov(values: Values, cdf: (x: number) => number): number {
  const sorted = Float64Array.from(values).sort();
  const n = sorted.length;
  let distance = 0;
  sorted.forEach((value, i) => {
    const at = cdf(value);
    distance = Math.max(distance, at - i / n, (i + 1) / n - at);
  });
  const lambda = (Math.sqrt(n) + 0.12 + 0.11 / Math.sqrt(n)) * distance;
  // The series alternates too slowly near zero, where the probability is 1.
  if (lambda < 0.3) return 1;
  let p = 0;
  for (let k = 1; k <= 100; k++) p += 2 * (-1) ** (k - 1) * Math.exp(-2 * k * k * lambda * lambda);
  return Math.min(1, Math.max(0, p));
}

/** p-value that a chi-square value is at least `statistic`; Wilson and Hilferty's cube root. */
export function chiSquarePValue(statistic: number, degreesOfFreedom: number): number {
  const spread = 2 / (9 * degreesOfFreedom);
  return (
    1 - normalCdf(((statistic / degreesOfFreedom) ** (1 / 3) - (1 - spread)) / Math.sqrt(spread))
  );
}

/** p-value of counted outcomes against their probabilities; cells expecting fewer than five are pooled. */
export function goodnessOfFit(
  outcomes: readonly number[],
  probabilityOf: (outcome: number) => number,
): number {
  const counts = new Map<number, number>();
  for (const outcome of outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  let statistic = 0;
  let cells = 0;
  let restExpected = outcomes.length;
  let restCount = outcomes.length;
  for (const [outcome, count] of counts) {
    const expected = outcomes.length * probabilityOf(outcome);
    if (expected < 5) continue;
    statistic += (count - expected) ** 2 / expected;
    cells += 1;
    restExpected -= expected;
    restCount -= count;
  }
  if (restExpected >= 5)
    return chiSquarePValue(statistic + (restCount - restExpected) ** 2 / restExpected, cells);
  return chiSquarePValue(statistic, cells - 1);
}
