/** /docs: Swagger UI over the service's own OpenAPI document. */

const dark = window.matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
follow();
dark.addEventListener("change", follow);

/** What Swagger UI's markup lacks for a screen reader or a keyboard: [selector, attribute, value]. */
const AMENDMENTS = [
  [".information-container", "role", "region"],
  [".information-container", "aria-label", "About"],
  [".schemes-server-container", "role", "region"],
  [".schemes-server-container", "aria-label", "Servers"],
  ["#servers", "aria-label", "Server"],
  [".opblock-tag", "aria-level", "2"],
  [".opblock-title", "aria-level", "3"],
  [".models > h4", "aria-level", "2"],
  [".body-param__text", "aria-label", "Request body"],
  [".responses-table", "role", "table"],
  [".microlight", "tabindex", "0"],
];

const docs = document.getElementById("docs");
new MutationObserver(() => {
  for (const [selector, attribute, value] of AMENDMENTS) {
    for (const element of docs.querySelectorAll(`${selector}:not([${attribute}="${value}"])`)) {
      element.setAttribute(attribute, value);
    }
  }
}).observe(docs, { childList: true, subtree: true });

window.SwaggerUIBundle({
  url: "openapi.json",
  domNode: docs,
  defaultModelsExpandDepth: 0,
  deepLinking: false, // Its links would be inside buttons, and #code is a row of the errors here.
  displayRequestDuration: true,
  syntaxHighlight: { theme: "obsidian" },
  tryItOutEnabled: true,
  validatorUrl: null, // The badge would show the document to a host outside.
});
