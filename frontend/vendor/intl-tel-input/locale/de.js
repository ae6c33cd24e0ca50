"use strict";
const interfaceTranslations = {
  selectedCountryAriaLabel: "Land der Telefonnummer ändern, ausgewählt ${countryName} (${dialCode})",
  noCountrySelected: "Land der Telefonnummer auswählen",
  countryListAriaLabel: "Liste der Länder",
  searchPlaceholder: "Suchen",
  clearSearchAriaLabel: "Suche löschen",
  closeCountrySelectorAriaLabel: "Schließen",
  searchEmptyState: "Keine Suchergebnisse",
  searchSummaryAria(count) {
    if (count === 0) {
      return "Keine Suchergebnisse";
    }
    if (count === 1) {
      return "1 Suchergebnis";
    }
    return `${count} Suchergebnisse`;
  }
};
export default interfaceTranslations;
