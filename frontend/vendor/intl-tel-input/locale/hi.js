"use strict";
const interfaceTranslations = {
  selectedCountryAriaLabel: "फ़ोन नंबर के लिए देश बदलें, चयनित ${countryName} (${dialCode})",
  noCountrySelected: "फ़ोन नंबर के लिए देश चुनें",
  countryListAriaLabel: "देशों की सूची",
  searchPlaceholder: "खोज",
  clearSearchAriaLabel: "खोज साफ़ करें",
  closeCountrySelectorAriaLabel: "बंद करें",
  searchEmptyState: "कोई परिणाम नहीं मिला",
  searchSummaryAria(count) {
    if (count === 0) {
      return "कोई परिणाम नहीं मिला";
    }
    if (count === 1) {
      return "1 परिणाम मिला";
    }
    return `${count} परिणाम मिले`;
  }
};
export default interfaceTranslations;
