// Codes of an authenticator app, from the secret that a page shows.
import { setTimeout as sleep } from 'node:timers/promises'
import { Secret, TOTP } from 'otpauth'

const stepMs = 30_000

/** Of a step that was not used before: each counts once. */
export class Authenticator {
  readonly #totp: TOTP
  #lastStep = 0

  constructor(secret: string) {
    this.#totp = new TOTP({ secret: Secret.fromBase32(secret.replaceAll(' ', '')) })
  }

  async code(): Promise<string> {
    // The server takes the step after the present one too, so most calls need not wait.
    const earliest = this.#lastStep + 1
    while (earliest > step() + 1) await sleep(200)
    this.#lastStep = Math.max(earliest, step())
    return this.#totp.generate({ timestamp: this.#lastStep * stepMs })
  }
}

const step = () => Math.floor(Date.now() / stepMs)
