/** The sources of recommendations, in words. */
export const SOURCES = {
  endpoint: "from the model's endpoint, just now",
  batch: "from the batch job's results",
  similar: "similar to items bought last",
  popular_in_country: "popular in the customer's country, not personal",
  popular: "popular items, not personal ones",
};
