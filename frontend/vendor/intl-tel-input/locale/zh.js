"use strict";
const interfaceTranslations = {
  selectedCountryAriaLabel: "更改电话号码的国家，已选择 ${countryName}（${dialCode}）",
  noCountrySelected: "选择电话号码的国家",
  countryListAriaLabel: "国家名单",
  searchPlaceholder: "搜索",
  clearSearchAriaLabel: "清除搜索",
  closeCountrySelectorAriaLabel: "关闭",
  searchEmptyState: "未找到结果",
  searchSummaryAria(count) {
    if (count === 0) {
      return "未找到结果";
    }
    return `找到 ${count} 个结果`;
  }
};
export default interfaceTranslations;
