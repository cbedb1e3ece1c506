import { FedtuneError } from "../errors.ts";

/**
 * Index of the first NaN or infinity, or -1.
 *
 * A finite number times zero is zero and all else is NaN: four independent sums tell at memory speed that nothing is wrong.
 */
export function firstNonFinite(values: Float32Array): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = values.length - (values.length % 4);
  for (let i = 0; i < whole; i += 4) {
    a += (values[i] ?? 0) * 0;
    b += (values[i + 1] ?? 0) * 0;
    c += (values[i + 2] ?? 0) * 0;
    d += (values[i + 3] ?? 0) * 0;
  }
  for (let i = whole; i < values.length; i++) a += (values[i] ?? 0) * 0;
  return a + b + c + d === 0 ? -1 : values.findIndex((value) => !Number.isFinite(value));
}

/** The error for a value that is no finite number; `what` is the attempted action, for example "decode value 3". */
export function notFinite(
  what: string,
  value: number,
  data: { readonly index: number },
): FedtuneError {
  const message = `Cannot ${what}: it is ${value}, wanted a finite number`;
  return new FedtuneError("not-finite", message, { data });
}

/**
 * Checks a whole vector.
 *
 * @throws FedtuneError `not-finite` with the index of the first NaN or infinity
 */
export function checkFinite(values: Float32Array, action: string): void {
  const index = firstNonFinite(values);
  if (index >= 0) throw notFinite(`${action} value ${index}`, values[index] ?? NaN, { index });
}
