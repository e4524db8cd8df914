// A clock for tests with much going on at once.
import { createStillClock } from './test-app.ts'

/** Moves with what the test does, however fast the machine is; whoever sleeps is woken when their time has come. */
export function createPacedClock() {
  const clock = createStillClock()
  let sleepers: { untilMs: number; wake(): void }[] = []
  return {
    ...clock,
    sleep: (ms: number) =>
      new Promise<void>((wake) => sleepers.push({ untilMs: clock.now() + ms, wake })),
    skip(ms: number) {
      clock.skip(ms)
      const due = sleepers.filter(({ untilMs }) => untilMs <= clock.now())
      sleepers = sleepers.filter((each) => !due.includes(each))
      for (const { wake } of due) wake()
    },
  }
}
