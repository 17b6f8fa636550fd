import { Alert, createTheme, type CSSVariablesResolver } from "@mantine/core";

/** Fonts of the system: nothing is loaded. Shades that reach a contrast of 4.5:1 on their backgrounds (WCAG 2.2 AA). */
export const theme = createTheme({
  primaryColor: "blue",
  primaryShade: { light: 8, dark: 8 },
  defaultRadius: "sm",
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
  fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace",
  respectReducedMotion: true,
  components: {
    // In the colour of the alert it would not be read by everybody; the icon and the background have it.
    Alert: Alert.extend({ classNames: { title: "alert-title" } }),
    // A link in a text is not told by its colour alone.
    Anchor: { defaultProps: { underline: "always" } },
    ModalCloseButton: { defaultProps: { "aria-label": "Close" } },
    DrawerCloseButton: { defaultProps: { "aria-label": "Close" } },
    // It is a <header>, which would be another banner of the page.
    ModalHeader: { defaultProps: { role: "none" } },
    // Inside of what it belongs to, so that it is part of a landmark; its first item gets the focus, not an element that nobody sees.
    Menu: { defaultProps: { withinPortal: false, withInitialFocusPlaceholder: false } },
    DrawerHeader: { defaultProps: { role: "none" } },
  },
});

/** Mantine's dimmed text has a contrast of 4:1 only, and what is said of a wrong field 3.3:1. */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-dimmed": "var(--mantine-color-gray-7)",
    "--mantine-color-error": "var(--mantine-color-red-9)",
  },
  dark: {
    "--mantine-color-dimmed": "var(--mantine-color-dark-1)",
    "--mantine-color-error": "var(--mantine-color-red-4)",
  },
});
