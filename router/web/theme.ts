const storageName = 'quire-theme';
const themes = ['auto', 'light', 'dark'] as const;

export type Theme = (typeof themes)[number];

/** The chosen theme; `auto` follows the system. */
export function currentTheme(): Theme {
  const stored = localStorage.getItem(storageName);
  return themes.find((theme) => theme === stored) ?? 'auto';
}

export function applyTheme(theme: Theme): void {
  localStorage.setItem(storageName, theme);
  if (theme === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

/** The one after this, as the button takes them in turn. */
export function nextTheme(theme: Theme): Theme {
  return themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'auto';
}

// This module blocks the first paint, so that no one sees the other theme flash.
applyTheme(currentTheme());
