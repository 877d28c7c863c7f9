namespace Gateway.Import.Ldirectord;

/// <summary>What ldirectord checks for where <c>service</c> does not say.</summary>
internal static class StandardService
{
    /// <summary>The service of a port; <c>none</c> for those that have none, whose servers are always up.</summary>
    public static string Of(int? port) => port switch
    {
        21 => "ftp",
        25 => "smtp",
        53 => "dns",
        80 => "http",
        110 => "pop",
        119 => "nntp",
        143 => "imap",
        389 => "ldap",
        443 => "https",
        587 => "submission",
        636 => "ldaps",
        993 => "imaps",
        995 => "pops",
        1521 => "oracle",
        1812 => "radius",
        3128 => "http_proxy",
        3306 => "mysql",
        5060 => "sip",
        5432 => "pgsql",
        _ => "none",
    };
}
