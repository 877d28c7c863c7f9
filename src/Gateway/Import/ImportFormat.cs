namespace Gateway.Import;

/// <summary>The programs whose configuration can be imported.</summary>
internal enum ImportFormat
{
    /// <summary>lvs.cf of piranha.</summary>
    LvsCf,

    /// <summary>keepalived.conf.</summary>
    Keepalived,

    /// <summary>What ipvsadm-save writes.</summary>
    IpvsadmSave,

    /// <summary>haproxy.cfg.</summary>
    Haproxy,

    /// <summary>nginx.conf.</summary>
    Nginx,

    /// <summary>ldirectord.cf.</summary>
    Ldirectord,

    /// <summary>A script that calls balance.</summary>
    Balance,

    /// <summary>A script that calls pen.</summary>
    Pen,
}
