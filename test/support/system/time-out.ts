/** Ends a suite that hangs. No measure of speed: CI's machines are up to five times slower than a developer's. */
export const suiteTimeoutMs = 30 * 60_000
