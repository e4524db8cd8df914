// Loaded into wrangler's processes (node --import): when their parent exits, even by SIGKILL, they
// terminate too instead of keeping the port.
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'))
process.channel?.unref()
