/** What every entry imports once: typefaces, tokens, ground. */
import "@fontsource-variable/ibm-plex-sans/wght.css";
import "@fontsource/ibm-plex-mono/latin-400.css";
import "./tokens.css";
import "./base.css";
