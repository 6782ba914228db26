import './call-page.ts';
