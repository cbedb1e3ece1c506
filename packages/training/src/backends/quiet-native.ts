/** TensorFlow's native log, which no JavaScript can catch. */

/** Keeps warnings of the native library off the terminal unless the user set a level. Two lines about oneDNN stay. */
export function quietNative(): void {
  process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "3";
}
