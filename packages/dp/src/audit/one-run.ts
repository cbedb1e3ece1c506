/**
 * A certified lower bound on epsilon from one training run.
 *
 * Steinke, Nasr, Jagielski, "Privacy auditing with one (1) training run", arXiv 2305.08846, theorem 5.2 and algorithm 1.
 */
import type { GuessCount } from "./canaries.ts";

/** What was observed, and the delta of the claim. */
export interface AuditObservation extends GuessCount {
  /** Canaries whose coin was tossed, guessed about or not. */
  readonly canaries: number;
  readonly delta: number;
}

/**
 * The probability that a run which is (epsilon, delta)-private lets an auditor be right at least `correct` times: at most
 * beta + 2 m delta alpha, with beta = P[Binomial(r, q) >= v], q = e^epsilon / (1 + e^epsilon), and alpha the largest
 * P[v > Binomial(r, q) >= v - i] / i over i from 1 to v.
 *
 * @throws RangeError unless 0 <= correct <= guesses <= canaries, epsilon >= 0 and delta in [0, 1]
 */
export function auditPValue(observation: AuditObservation, epsilon: number): number {
  const { canaries, guesses, correct, delta } = observation;
  if (!(correct >= 0 && correct <= guesses && guesses <= canaries)) {
    throw new RangeError(
      `Cannot audit ${correct} correct of ${guesses} guesses about ${canaries} canaries`,
    );
  }
  if (!(epsilon >= 0 && delta >= 0 && delta <= 1)) {
    throw new RangeError(`Cannot audit the claim (${epsilon}, ${delta})`);
  }
  const mass = binomialMass(guesses, epsilon);
  let beta = 0;
  // Smallest terms first.
  for (let k = guesses; k >= correct; k--) beta += mass(k);
  let alpha = 0;
  let below = 0;
  for (let i = 1; i <= correct && delta > 0; i++) {
    below += mass(correct - i);
    alpha = Math.max(alpha, below / i);
  }
  return Math.min(1, beta + 2 * canaries * delta * alpha);
}

/**
 * The largest epsilon that the observation refutes at a confidence: with probability `confidence` no (epsilon, delta)
 * below the result holds for the run. 0 when nothing is refuted. Rounded down, to within 1e-6.
 *
 * @param confidence of the bound, in (0, 1); 0.95 means a p-value of 0.05
 */
export function certifiedEpsilon(observation: AuditObservation, confidence: number): number {
  if (!(confidence > 0 && confidence < 1)) {
    throw new RangeError(`Cannot certify at confidence ${confidence}: wanted one in (0, 1)`);
  }
  const refutes = (epsilon: number): boolean => auditPValue(observation, epsilon) < 1 - confidence;
  let low = 0;
  let high = 1;
  while (refutes(high)) {
    low = high;
    high *= 2;
  }
  while (high - low > 1e-6) {
    const middle = (low + high) / 2;
    if (refutes(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** P[Binomial(trials, 1 / (1 + e^-epsilon)) = k], by exact factorials in logarithms. */
function binomialMass(trials: number, epsilon: number): (k: number) => number {
  const logFactorial = new Float64Array(trials + 1);
  for (let k = 1; k <= trials; k++) logFactorial[k] = (logFactorial[k - 1] ?? 0) + Math.log(k);
  const logHit = -Math.log1p(Math.exp(-epsilon));
  const logMiss = logHit - epsilon;
  const all = logFactorial[trials] ?? 0;
  return (k) =>
    Math.exp(
      all -
        (logFactorial[k] ?? 0) -
        (logFactorial[trials - k] ?? 0) +
        k * logHit +
        (trials - k) * logMiss,
    );
}
