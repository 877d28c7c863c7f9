namespace Gateway.Import.LvsCf;

/// <summary>Judges the directives of a virtual that say nothing about where traffic goes.</summary>
internal static class OtherDirectives
{
    public static void Judge(Directives directives)
    {
        directives["quiesce_server"]?.Same(directives.Flag("quiesce_server", false)
            ? "a server that is down gets nothing new, and its connections go on"
            : "the connections of a server that is down are not cut: they go on or end by themselves");
        if (directives["load_monitor"] is { } monitor)
        {
            if (directives.Word("load_monitor") is "none" or "")
            {
                monitor.Same();
            }
            else
            {
                monitor.Impossible("no load is asked from the servers; weights stay as configured");
            }
        }

        directives.Judge(Verdict.Same, "probes run inside Gateway", "client_monitor");
        directives.Judge(Verdict.Same, "a remnant in piranha, of no effect", "master", "dirs", "start_cmd", "stop_cmd");
        directives.Judge(Verdict.Same, "written by the GUI, and refused by piranha's daemons", "expect_program", "deadtime", "heartbeat");
        if (directives["use_regex"] is { IsJudged: false } regex)
        {
            regex.Whole(Verdict.Same, "of no effect without expect");
        }
    }
}
