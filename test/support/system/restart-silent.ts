import type {} from 'vitest/config'
import type { PoolRunnerInitializer, PoolWorker, Vite, WorkerRequest } from 'vitest/node'

type Logger = { error(message: string): void }
type Listener = Parameters<PoolWorker['on']>[1]

/**
 * Runs a file of tests once more when its workerd has said nothing for `silence` milliseconds, and fails it by name the
 * second time. vitest itself waits without end for a file whose last message is lost, which was seen twice
 * (https://github.com/cloudflare/workers-sdk/issues/15498). A test that hangs is not silent: its time limit ends it.
 *
 * @param silence longer than any test takes
 */
export function restartSilent(silence: number): Vite.Plugin {
  return {
    name: 'latchkey:restart-silent',
    configureVitest({ project }) {
      const pool = project.config.poolRunner as PoolRunnerInitializer
      project.config.poolRunner = {
        ...pool,
        createPoolWorker: (options) =>
          new RestartedWorker(
            () => pool.createPoolWorker(options),
            silence,
            options.project.vitest.logger,
          ),
      }
    },
  }
}

class RestartedWorker implements PoolWorker {
  readonly name: string
  readonly #create: () => PoolWorker
  readonly #silence: number
  readonly #logger: Logger
  #worker: PoolWorker
  #listeners = new Map<string, Listener>()
  #start?: WorkerRequest
  #run: Extract<WorkerRequest, { type: 'run' | 'collect' }> | undefined
  #timer?: NodeJS.Timeout
  #restart: 'none' | 'starting' | 'done' = 'none'

  constructor(create: () => PoolWorker, silence: number, logger: Logger) {
    this.#create = create
    this.#silence = silence
    this.#logger = logger
    this.#worker = create()
    this.name = this.#worker.name
  }

  start() {
    return this.#worker.start()
  }

  stop() {
    clearTimeout(this.#timer)
    return this.#worker.stop()
  }

  send(message: WorkerRequest) {
    if (message.type === 'start') this.#start = message
    if (message.type === 'stop') clearTimeout(this.#timer)
    if (message.type === 'run' || message.type === 'collect') {
      this.#run = message
      this.#wait()
    }
    // Until the new worker has started, messages are answers to the one that was given up.
    if (this.#restart !== 'starting') this.#worker.send(message)
  }

  on(event: string, listener: Listener) {
    this.#listeners.set(event, event === 'message' ? this.#heard(listener) : listener)
    this.#worker.on(event, this.#listeners.get(event) as Listener)
  }

  off(event: string) {
    const listener = this.#listeners.get(event)
    if (listener) this.#worker.off(event, listener)
    this.#listeners.delete(event)
  }

  deserialize(data: unknown) {
    return this.#worker.deserialize(data)
  }

  #heard(listener: Listener): Listener {
    return (message) => {
      if (message?.type === 'testfileFinished') {
        clearTimeout(this.#timer)
        this.#run = undefined
      } else if (this.#run) this.#wait()
      if (this.#restart === 'starting' && message?.type === 'started') {
        this.#restart = 'done'
        this.#worker.send(this.#run as WorkerRequest)
      } else listener(message)
    }
  }

  #wait() {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#giveUp(), this.#silence)
  }

  async #giveUp() {
    const files = this.#run?.context.files.map((file) => file.filepath).join(', ')
    const what = `workerd said nothing for ${this.#silence / 1000} s: ${files}`
    if (this.#restart !== 'none') return this.#listeners.get('error')?.(new Error(what))
    this.#logger.error(`${what}; the file is run again`)
    this.#restart = 'starting'
    const silent = this.#worker
    for (const [event, listener] of this.#listeners) silent.off(event, listener)
    silent.stop().catch(() => {})
    this.#worker = this.#create()
    this.#wait()
    try {
      await this.#worker.start()
      for (const [event, listener] of this.#listeners) this.#worker.on(event, listener)
      this.#worker.send(this.#start as WorkerRequest)
    } catch (error) {
      clearTimeout(this.#timer)
      this.#listeners.get('error')?.(error)
    }
  }
}
