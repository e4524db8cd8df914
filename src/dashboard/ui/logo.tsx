export function Logo() {
  return (
    <span className="flex items-center gap-2 text-lg font-semibold text-kumo-default">
      <svg viewBox="0 0 32 32" width={28} height={28} aria-hidden="true">
        <rect width="32" height="32" rx="8" className="fill-kumo-brand" />
        <path
          fill="#fff"
          d="M16 6a6 6 0 0 0-2.4 11.5l-1.4 7.1a1.2 1.2 0 0 0 1.2 1.4h5.2a1.2 1.2 0 0 0 1.2-1.4l-1.4-7.1A6 6 0 0 0 16 6Zm0 3.6a2.4 2.4 0 1 1 0 4.8 2.4 2.4 0 0 1 0-4.8Z"
        />
      </svg>
      Latchkey
    </span>
  )
}
