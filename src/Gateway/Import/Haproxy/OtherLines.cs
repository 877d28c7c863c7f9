namespace Gateway.Import.Haproxy;

/// <summary>Judges the lines of proxies that say nothing about where traffic goes.</summary>
internal static class OtherLines
{
    public static void Judge(Statement line)
    {
        if (line.Name != "mode")
        {
            // What is said here is said of the whole line.
            line.Rest(1);
        }

        switch (line.Name)
        {
            case "mode":
                line.Judge(line.Value is "http" or "tcp" ? Verdict.Same : Verdict.Impossible, line.Value is "http" or "tcp" ? null : $"there is no mode {line.Value}; tcp is taken");
                break;
            case "log" or "log-format" or "log-tag" or "log-format-sd" or "error-log-format" or "unique-id-format" or "unique-id-header" or "capture":
                line.Approximated("Gateway has a form of access log of its own: see Telemetry:AccessLog");
                break;
            case "option":
                Option(line);
                break;
            case "no":
                line.Same("it is off");
                break;
            case "errorfile" or "errorloc" or "errorloc302" or "errorloc303" or "http-error" or "errorfiles":
                line.Impossible("errors are answered without a page of your own");
                break;
            case "stats":
                line.Impossible("there is no page of statistics; metrics are at Telemetry:Listen");
                break;
            case "monitor-uri" or "monitor":
                line.Approximated("/healthz and /readyz at Telemetry:Listen say whether Gateway works");
                break;
            case "http-request" or "tcp-request" when line.Rest(1).Any(word => word is "deny" or "reject" or "tarpit" or "auth" or "silent-drop"):
                line.Impossible("refuses traffic: Gateway LETS IT THROUGH");
                break;
            case "http-request" when line.Value is "return" or "redirect":
            case "redirect":
                line.Impossible("is not answered here: such requests go where the others go");
                break;
            case "block" or "reqdeny" or "reqideny" or "reqtarpit" or "reqitarpit" or "rspdeny" or "rspideny":
                line.Impossible("refuses traffic: Gateway LETS IT THROUGH");
                break;
            case "http-request" or "http-response" or "http-after-response" or "tcp-request" or "tcp-response" or "http-send-name-header":
                line.Impossible("Gateway has no such rule");
                break;
            case "retries" or "retry-on":
                line.Same("of no effect here");
                break;
            case "compression" or "filter":
                line.Impossible("answers are passed on as they are");
                break;
            case "maxconn" or "fullconn" or "backlog" or "rate-limit" or "max-keep-alive-queue":
                line.Approximated("has no counterpart for one proxy; see Kestrel:Limits");
                break;
            case "default_backend" or "use_backend" or "bind" or "acl" or "server" or "server-template" or "default-server" or "balance" or "hash-type"
                or "cookie" or "http-check" or "tcp-check":
                line.Same("of no effect here");
                break;
            case "stick-table":
                line.Impossible("nothing is counted or remembered in it");
                break;
            case "timeout" when line.Value is "queue":
                line.Same("of no effect: no server has a maxconn");
                break;
            case "timeout":
                line.Approximated("has no counterpart here");
                break;
            case "id" or "description" or "disabled" or "enabled":
                line.Same("says nothing about traffic");
                break;
        }
    }

    private static void Option(Statement line)
    {
        switch (line.Value)
        {
            case "httplog" or "tcplog" or "httpslog" or "log-health-checks" or "log-separate-errors" or "logasap" or "clf":
                line.Approximated("see Telemetry:AccessLog; changes of destinations are always logged");
                break;
            case "dontlognull" or "dontlog-normal":
                line.Approximated("the access log has requests and connections alike");
                break;
            case "http-keep-alive" or "prefer-last-server" or "splice-auto" or "splice-request" or "splice-response" or "tcp-smart-accept"
                or "tcp-smart-connect" or "contstats" or "clitcpka" or "srvtcpka" or "tcpka" or "socket-stats" or "redispatch":
                line.Same("Gateway does so by itself");
                break;
            case "http-server-close" or "httpclose" or "forceclose" or "http-tunnel" or "http-pretend-keepalive":
                line.Approximated("connections to servers are kept and shared");
                break;
            case "httpchk" or "tcp-check" or "smtpchk" or "redis-check" or "pgsql-check" or "ssl-hello-chk" or "forwardfor":
                line.Same("of no effect here");
                break;
            case "allbackups":
                line.Same("all backups serve");
                break;
            case "abortonclose":
                line.Same("a request whose client has gone is given up");
                break;
            default:
                line.Impossible("Gateway has no such option");
                break;
        }
    }
}
