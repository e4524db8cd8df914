// Not part of fence.ts, which an isolate that only asks does not load.

/** The answer to a raise or a reset; any other answer does not acknowledge it. */
export const acknowledged = 'held'
