namespace Gateway.Import.Haproxy;

/// <summary>Translates how checks speak TLS: as the server's traffic does, unless a port or address of their own or <c>check-ssl</c>
/// says otherwise.</summary>
internal static class HealthTls
{
    private static readonly string[] _kinds = ["tcp", "smtp", "redis"];

    /// <summary>Writes it for the server whose checks became the probe.</summary>
    public static void Translate(Draft probe, ServerLine first, bool isForced)
    {
        if (!first.IsCheckedByTls && !isForced)
        {
            if (first.Has("check-sni"))
            {
                first.Tell("check-sni", Verdict.Same, "check-sni is of no effect on checks without TLS");
            }

            return;
        }

        var kind = probe.Text("Kind")!;
        if (kind is "http" or "https")
        {
            probe.Set("Kind", "https");
        }
        else if (_kinds.Contains(kind))
        {
            probe.Set("Tls", true);
        }
        else
        {
            first.Line.Approximated($"a probe of kind {kind} speaks no TLS");
            return;
        }

        if ((first.NameIn("check-sni") ?? first.NameIn("verifyhost") ?? first.NameIn("sni")) is { } name)
        {
            probe.Set("ServerName", name);
        }
        else if (first.Has("check-sni"))
        {
            first.Tell("check-sni", Verdict.Approximated, "check-sni: is no host name; the server's is sent");
        }

        if (first.AcceptsAnyCertificate)
        {
            return;
        }

        if (first.HasOwnAuthorities)
        {
            first.Tell("ca-file", Verdict.Approximated, "ca-file: the probe looks at no certificate, as it knows the system's authorities only");
        }
        else
        {
            probe.Set("VerifyCertificate", true);
        }
    }
}
