import { DesktopIcon, MoonIcon, SunIcon } from '@phosphor-icons/react'
import { setTheme, type Theme, themes, useTheme } from '../ui/theme.ts'

const options = {
  system: { name: 'System', Icon: DesktopIcon },
  light: { name: 'Light', Icon: SunIcon },
  dark: { name: 'Dark', Icon: MoonIcon },
}

export function ThemeSwitch() {
  return (
    <fieldset className="flex items-center justify-between gap-2 px-2">
      <legend className="sr-only">Theme</legend>
      <span aria-hidden className="text-sm text-kumo-subtle">
        Theme
      </span>
      <div className="flex gap-0.5 rounded-md bg-kumo-recessed p-0.5">
        {themes.map((theme) => (
          <Option key={theme} theme={theme} />
        ))}
      </div>
    </fieldset>
  )
}

function Option({ theme }: { theme: Theme }) {
  const isCurrent = useTheme() === theme
  const { name, Icon } = options[theme]
  return (
    <button
      type="button"
      aria-pressed={isCurrent}
      aria-label={name}
      title={name}
      onClick={() => setTheme(theme)}
      className={`rounded p-1.5 outline-none focus-visible:ring-2 focus-visible:ring-kumo-focus ${
        isCurrent
          ? 'bg-kumo-base text-kumo-default shadow-xs ring ring-kumo-line'
          : 'text-kumo-subtle'
      }`}
    >
      <Icon size={16} aria-hidden />
    </button>
  )
}
