using System.Globalization;

namespace Gateway.Import.LvsCf;

/// <summary>Translates what nanny checks, and how often, into a probe.</summary>
/// <remarks>
/// nanny sleeps <c>timeout</c> seconds between checks, and gives connecting and reading as long each. One failure takes a
/// server down, and <c>floor(reentry / timeout)</c> successes in a row bring it back; the first check after the start decides
/// at once. Port 80 without any text is asked for a page.
/// </remarks>
internal sealed class NannyImport(Directives directives, string protocol, int port)
{
    private const int MostRises = 1000;
    private const int LongestInterval = 24 * 60 * 60;

    public void Probe(Draft cluster)
    {
        var timeout = Timeout();
        var reentry = Math.Max(directives.Number("reentry", 180), 0);
        var rise = Math.Clamp((reentry == 0 ? 180 : reentry) / timeout, 1, MostRises);
        directives["reentry"]?.Same(string.Create(CultureInfo.InvariantCulture,
            $"{rise} good probes in a row bring a server back: reentry divided by timeout"));

        var probe = cluster.Section("Probe").Set("Kind", protocol);
        Texts(probe);
        probe.Set("Interval", Words.Seconds(timeout)).Set("Timeout", Words.Seconds(timeout)).Set("Rise", rise).Set("Fall", 1);
        directives["timeout"]?.Approximated(
            "Interval and Timeout of the probe: time from start to start, and for connecting and answer together; nanny pauses that "
            + "long after a check, and gives each of the two that long");
    }

    private long Timeout()
    {
        var timeout = directives.Number("timeout", 10);
        if (timeout is > 0 and <= LongestInterval)
        {
            return timeout;
        }

        directives["timeout"]!.Approximated(timeout <= 0
            ? "nanny would divide by it; the default, 10 seconds, is used" : "a day is used, the longest interval");
        return timeout <= 0 ? 10 : LongestInterval;
    }

    private void Texts(Draft probe)
    {
        var (send, expect, program) = (directives["send"], directives["expect"], directives["send_program"]);
        if (program is { Words.Count: > 1 } && Directives.Unquoted(program.Value).Length > 0)
        {
            probe.Set("Kind", "command").Set("Command", Directives.Unquoted(program.Value).Split(' ', StringSplitOptions.RemoveEmptyEntries));
            program.Same("an exit code other than 0, no answer in time and no output are down");
            send?.Whole(Verdict.Same, "of no effect beside send_program, as in piranha");
            if (expect is not null)
            {
                probe.Set("Expect", SendExpect.Text(expect));
                expect.Same("the whole output");
            }

            directives["use_regex"]?.Whole(Verdict.Same, "of no effect beside send_program");
            return;
        }

        program?.Same("empty");
        if (send is null && expect is null && port == 80 && protocol == "tcp")
        {
            // What nanny does by itself on port 80.
            probe.Set("Send", "GET / HTTP/1.0\r\n\r\n").Set("Expect", "HTTP");
            return;
        }

        if (send is not null)
        {
            probe.Set("Send", SendExpect.Text(send));
            send.Same();
        }

        if (expect is not null && SendExpect.Text(expect).Length > 0)
        {
            SendExpect.Expect(probe, expect, directives["use_regex"], directives.Flag("use_regex", false));
            directives["use_regex"]?.Same();
        }
        else
        {
            expect?.Same("empty: nothing is expected");
        }
    }
}
