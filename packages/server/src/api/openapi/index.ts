/**
 * What enters: the schemas of the routes, with what they say of themselves. What leaves: the OpenAPI document, its
 * page. May not: check or answer anything of the other routes.
 */
export { answerSchemas, listOf, nextCursorOf, refTo } from './answer-schemas.ts';
export { documentRoutes } from './document.ts';
export { type AnswerDocumentation, documented, type RouteDocumentation } from './documented.ts';
