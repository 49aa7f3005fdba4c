// Dark and light. The server knows the reader's wish by a cookie, so that the
// next page is right from its first byte; early.js does it without one.

/** @typedef {"dark"|"light"} Theme */

/** @returns {Theme} */
export function currentTheme() {
  return document.documentElement.dataset.theme === "light" ? "light" : "dark";
}

/** @param {Theme} theme */
export function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  const secure = location.protocol === "https:" ? "; secure" : "";
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API needs a secure context, which a LAN address is not
  document.cookie = `viz_theme=${theme}; path=/; max-age=31536000; samesite=lax${secure}`;
  try {
    localStorage.setItem("viz-theme", theme);
  } catch {
    // storage may be forbidden: the cookie is enough
  }
}

/** @returns {"en"|"zh"} the language that the server chose */
export function pageLanguage() {
  return document.documentElement.dataset.lang === "zh" ? "zh" : "en";
}
