//! The stock paths of each surface: what a real client asks for when only its base URL and key were changed.

use aigw_core::{Operation, SurfaceName};
use http::Method;

/// One stock path, as data for the route table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockPath {
    /// Whose path it is.
    pub surface: SurfaceName,
    /// With which method.
    pub method: Method,
    /// The path; a segment in braces captures.
    pub template: &'static str,
    /// What is asked for.
    pub operation: Operation,
    /// Where the model's name stands.
    pub model_from: ModelFrom,
    /// A query parameter without which the request is refused.
    pub required_query: Option<&'static str>,
}

/// Where a request names its model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ModelFrom {
    /// The body's member `model`.
    Body,
    /// The capture of this name in the path, which wins over the body.
    Path(&'static str),
    /// Nowhere: the list of models.
    Nowhere,
}

const OPENAI: SurfaceName = SurfaceName::Openai;
const AZURE: SurfaceName = SurfaceName::AzureOpenai;

/// Every stock path of every surface.
pub const STOCK_PATHS: &[StockPath] = &[
    post(OPENAI, "/v1/chat/completions", Operation::Chat),
    post(OPENAI, "/v1/embeddings", Operation::Embeddings),
    list(OPENAI, "/v1/models"),
    single(OPENAI, "/v1/models/{model}"),
    deployment("/openai/deployments/{deployment}/chat/completions", Operation::Chat),
    deployment("/openai/deployments/{deployment}/embeddings", Operation::Embeddings),
    post(AZURE, "/openai/v1/chat/completions", Operation::Chat),
    post(AZURE, "/openai/v1/embeddings", Operation::Embeddings),
    list(AZURE, "/openai/v1/models"),
    single(AZURE, "/openai/v1/models/{model}"),
];

/// The stock paths of one surface.
pub fn stock_paths(surface: SurfaceName) -> impl Iterator<Item = &'static StockPath> {
    STOCK_PATHS.iter().filter(move |path| path.surface == surface)
}

const fn post(surface: SurfaceName, template: &'static str, operation: Operation) -> StockPath {
    StockPath { surface, method: Method::POST, template, operation, model_from: ModelFrom::Body, required_query: None }
}

const fn list(surface: SurfaceName, template: &'static str) -> StockPath {
    StockPath {
        surface,
        method: Method::GET,
        template,
        operation: Operation::Models,
        model_from: ModelFrom::Nowhere,
        required_query: None,
    }
}

const fn single(surface: SurfaceName, template: &'static str) -> StockPath {
    let model_from = ModelFrom::Path("model");
    StockPath { surface, method: Method::GET, template, operation: Operation::Models, model_from, required_query: None }
}

const fn deployment(template: &'static str, operation: Operation) -> StockPath {
    let model_from = ModelFrom::Path("deployment");
    StockPath { surface: AZURE, method: Method::POST, template, operation, model_from, required_query: Some("api-version") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_capture_that_names_the_model_stands_in_its_template() {
        for path in STOCK_PATHS {
            if let ModelFrom::Path(capture) = path.model_from {
                assert!(path.template.contains(&format!("/{{{capture}}}")), "{}", path.template);
            }
            assert_eq!(path.model_from == ModelFrom::Nowhere, path.template.ends_with("/models"), "{}", path.template);
        }
    }

    #[test]
    fn no_two_surfaces_share_a_path() {
        for (at, path) in STOCK_PATHS.iter().enumerate() {
            assert!(STOCK_PATHS.iter().skip(at + 1).all(|other| other.template != path.template), "{}", path.template);
        }
    }

    #[test]
    fn only_deployment_paths_of_azure_need_an_api_version() {
        for path in STOCK_PATHS {
            assert_eq!(path.required_query.is_some(), path.template.starts_with("/openai/deployments/"), "{}", path.template);
        }
    }
}
