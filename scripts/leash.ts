// Loaded into wrangler's own processes (node --import): when whoever started them is gone, even by
// SIGKILL, they shut down too instead of holding the port for ever.
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'))
process.channel?.unref()
