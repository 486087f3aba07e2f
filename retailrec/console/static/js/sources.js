/** Where the API's answers come from, in words. */
export const SOURCES = {
  endpoint: "answered by the model's endpoint just now",
  batch: "from the batch job's results",
  similar: "items like those bought last",
  popular_in_country: "popular in the customer's country, not personal",
  popular: "popular items, not personal ones",
};
