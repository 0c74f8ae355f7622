// Small helps on every page. Nothing here is needed to use one.
"use strict";
// An error summary takes the focus, so that who cannot see the page hears it first.
const summary = document.querySelector(".notice.bad[tabindex]");
if (summary) summary.focus();
