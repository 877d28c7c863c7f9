namespace Gateway.Import.Haproxy;

/// <summary>Judges the section <c>global</c>: settings of a process, of which few mean something to another.</summary>
internal static class GlobalImport
{
    public static void Translate(Statement section, Blueprint blueprint)
    {
        foreach (var line in section.Body)
        {
            if (line.Name is not ("maxconn" or "hard-stop-after" or "ssl-server-verify"))
            {
                // Settings of a process, whatever their words.
                line.Rest(1);
            }

            switch (line.Name)
            {
                case "maxconn" when Words.Whole(line.Value) is > 0 and var most:
                    blueprint.Root.Section("Kestrel").Section("Limits").Set("MaxConcurrentConnections", most);
                    line.Approximated("Kestrel:Limits:MaxConcurrentConnections, of HTTP connections; further ones are closed, not kept waiting");
                    break;
                case "hard-stop-after" when HaproxyTime.Parse(line.Value) is { } time:
                    StopAfter(blueprint, line, time);
                    break;
                case "daemon" or "user" or "group" or "uid" or "gid" or "chroot" or "pidfile" or "master-worker" or "nbproc" or "nbthread"
                    or "cpu-map" or "ulimit-n" or "node" or "description" or "quiet" or "presetenv" or "setenv" or "unsetenv" or "localpeer":
                    line.Same("of the process; the container or the service manager says this for Gateway");
                    break;
                case "log" or "log-send-hostname" or "log-tag":
                    line.Approximated("Gateway writes to standard output; see Telemetry:AccessLog and Logging");
                    break;
                case "stats":
                    line.Impossible("there is no socket to ask; metrics are at Telemetry:Listen");
                    break;
                case "ca-base" or "crt-base":
                    line.Same("put before names of files that are relative");
                    break;
                case "ssl-server-verify" when line.Value is "none" or "required":
                    line.Same("for servers that do not say");
                    break;
                case var name when name.StartsWith("ssl-", StringComparison.Ordinal):
                    line.Approximated("ciphers and TLS versions are the system's, or SslProtocols of an endpoint");
                    break;
                case var name when name.StartsWith("tune.", StringComparison.Ordinal):
                    line.Same("a setting of haproxy's inside");
                    break;
                case "lua-load" or "lua-load-per-thread" or "lua-prepend-path":
                    line.Impossible("no Lua is run");
                    break;
                default:
                    line.Impossible("is a setting of the program haproxy");
                    break;
            }
        }
    }

    /// <summary>0 is there what it is to leave the line out: no limit.</summary>
    private static void StopAfter(Blueprint blueprint, Statement line, TimeSpan time)
    {
        if (time > TimeSpan.Zero && time <= Words.LongestWait)
        {
            blueprint.Root.Set("ShutdownTimeout", time);
            line.Same("ShutdownTimeout");
        }
        else
        {
            blueprint.Root.Set("ShutdownTimeout", Words.LongestWait);
            line.Approximated("ShutdownTimeout, which is 24 days at most");
        }
    }
}
