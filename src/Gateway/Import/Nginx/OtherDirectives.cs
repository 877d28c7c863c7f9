namespace Gateway.Import.Nginx;

/// <summary>Judges the directives that say nothing about where traffic goes.</summary>
internal static class OtherDirectives
{
    public static void Judge(Statement statement)
    {
        // What is said here is said of the whole directive.
        statement.Rest(1);
        switch (statement.Name)
        {
            case "allow" or "deny" or "auth_basic" or "auth_basic_user_file" or "auth_request" or "limit_req" or "limit_conn" or "satisfy"
                or "valid_referers" or "secure_link" or "limit_except" or "ssl_verify_client" or "auth_jwt":
                statement.Impossible("restricts traffic: Gateway LETS IT THROUGH");
                break;
            case "limit_req_zone" or "limit_conn_zone" or "limit_req_status" or "limit_conn_status":
                statement.Impossible("requests are not limited");
                break;
            case "events" or "user" or "pid" or "worker_processes" or "worker_connections" or "worker_rlimit_nofile" or "daemon" or "master_process"
                or "worker_cpu_affinity" or "multi_accept" or "use" or "accept_mutex" or "worker_shutdown_timeout" or "pcre_jit" or "thread_pool"
                or "sendfile" or "tcp_nopush" or "tcp_nodelay" or "aio" or "server_tokens" or "types_hash_max_size" or "reset_timedout_connection"
                or "server_names_hash_bucket_size" or "types_hash_bucket_size" or "variables_hash_max_size" or "server_names_hash_max_size" or "lock_file":
                statement.Same("of the program nginx");
                break;
            case "include":
                statement.Impossible("other files are not read: put them together with 'nginx -T', or import each");
                break;
            case "load_module":
                statement.Impossible("no modules are loaded");
                break;
            case "access_log" or "error_log" or "log_format" or "log_not_found" or "open_log_file_cache" or "rewrite_log":
                statement.Approximated("see Telemetry:AccessLog and Logging");
                break;
            case "types" or "default_type" or "charset":
                statement.Same("answers keep the type that servers give them");
                statement.JudgeAll(Verdict.Same, "answers keep the type that servers give them");
                break;
            case "root" or "alias" or "index" or "try_files" or "autoindex" or "error_page" or "expires" or "etag" or "open_file_cache":
                statement.Impossible("Gateway serves no files");
                break;
            case "if" when statement.All().Any(inner => inner.Name is "deny" or "return"):
                statement.Impossible("there is no such rule; where it refuses traffic, Gateway LETS IT THROUGH");
                statement.JudgeAll(Verdict.Impossible, "in a condition that Gateway does not know: it LETS THE TRAFFIC THROUGH");
                break;
            case "return" or "rewrite" or "if" or "set" or "map" or "geo" or "split_clients" or "break" or "sub_filter" or "mirror":
                statement.Impossible("there is no such rule");
                statement.JudgeAll(Verdict.Impossible, "there is no such rule");
                break;
            case "proxy_http_version":
                statement.Same("destinations are asked with HTTP/2 or 1.1");
                break;
            case "proxy_buffering" or "proxy_request_buffering" or "proxy_buffers" or "proxy_buffer_size" or "proxy_busy_buffers_size"
                or "client_body_buffer_size" or "proxy_max_temp_file_size" or "client_header_buffer_size" or "large_client_header_buffers":
                statement.Same("requests and answers are passed on as they come");
                break;
            case "proxy_connect_timeout" or "proxy_send_timeout" or "proxy_read_timeout" or "send_timeout" or "client_body_timeout" or "keepalive_timeout"
                or "client_header_timeout" or "keepalive_requests" or "proxy_timeout" or "proxy_responses" or "client_max_body_size" or "lingering_close":
                statement.Approximated("has no counterpart here");
                break;
            case "proxy_next_upstream" or "proxy_next_upstream_tries" or "proxy_next_upstream_timeout":
                statement.Approximated("has no counterpart here: see Retry of the cluster");
                break;
            case "proxy_redirect" or "proxy_pass_header" or "proxy_hide_header" or "proxy_cookie_path" or "proxy_cookie_domain" or "proxy_intercept_errors":
                statement.Impossible("headers of answers are passed on as they are");
                break;
            case "health_check":
                statement.Impossible("write a Probe to the cluster");
                break;
            case "proxy_set_header" or "add_header":
                statement.Impossible("is hidden by headers of a location, or has no text that is known beforehand");
                break;
            case "proxy_pass" or "fastcgi_pass" or "uwsgi_pass" or "scgi_pass" or "grpc_pass":
                statement.Impossible("is passed on by a rule that Gateway does not have");
                break;
            case "listen" or "server_name" or "internal":
                statement.Same("of no effect here");
                break;
            case "server" or "location":
                statement.JudgeAll(Verdict.Impossible, "is not in a server that passes requests on");
                break;
            case var name when name.StartsWith("gzip", StringComparison.Ordinal) || name.StartsWith("brotli", StringComparison.Ordinal):
                statement.Impossible("answers are passed on as they are");
                break;
            case var name when name.StartsWith("ssl_", StringComparison.Ordinal) || name.StartsWith("proxy_ssl", StringComparison.Ordinal) || name == "http2":
                statement.Approximated("ciphers and versions are the system's: see SslProtocols of the endpoint and HttpClient of the cluster");
                break;
            case var name when name.StartsWith("proxy_cache", StringComparison.Ordinal) || name.StartsWith("fastcgi", StringComparison.Ordinal):
                statement.Impossible("nothing is cached, and no FastCGI is spoken");
                break;
        }
    }
}
