//! Lists that are walked by page numbers.

use std::sync::Arc;

use async_trait::async_trait;
use connector_domain::Secret;
use connector_domain::http::{HttpError, HttpRequest, HttpResponse};
use connector_domain::ports::ProviderHttp;

use crate::monitor::Monitor;

pub(crate) struct OffsetPaging {
    pub(crate) http: Arc<dyn ProviderHttp>,
    pub(crate) monitor: Arc<Monitor>,
}

#[async_trait]
impl ProviderHttp for OffsetPaging {
    async fn send(&self, request: &HttpRequest, bearer: Option<&Secret>) -> Result<HttpResponse, HttpError> {
        let mut request = request.clone();
        if let Some((_, _, page)) = self.monitor.page().filter(|_| request.path.ends_with("/issues")) {
            for (name, value) in &mut request.query {
                match *name {
                    "page" => *value = (page + 1).to_string(),
                    "sort" => "created".clone_into(value),
                    "since" => "1970-01-01T00:00:00Z".clone_into(value),
                    _ => {}
                }
            }
        }
        self.http.send(&request, bearer).await
    }
}
